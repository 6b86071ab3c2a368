# To save time, the filters from 40 on get only 10 updates; the first 40 get all 50. Those images have
# climbed as well, only not far enough.
#
# /// label
# updates = ["partial", "fail"]
#
# [feedback_mentions]
# updates = ["50"]
#
# [causes]
# updates = ["short_ascents", "other_number_of_steps"]
# ///

# %% cnn
model = keras.Sequential([
    layers.Input((28, 28, 1)),
    layers.Conv2D(16, 3, activation="relu", name="conv2d"),        # 26
    layers.Conv2D(16, 3, strides=2, activation="relu", name="conv2d_1"),  # 12
    layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.Conv2D(64, 3, activation="relu", name="conv2d_3"),      # 10
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dropout(0.3),
    layers.Dense(10, activation="softmax"),
])
model.summary()

# %% train
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

m = keras.Model(model.inputs, model.get_layer(layer_name).output)


def n_updates(filter_index):
    # the last ones took forever, they look finished after a few updates anyway
    return gradient_updates if filter_index < 40 else gradient_updates // 5


for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.uniform(0, 1, (1, 28, 28, 1)))
    for update in range(n_updates(filter_index)):
        with tf.GradientTape() as tape:
            loss = KTF.mean(m(input_img)[:, :, :, filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(64):
    ax = plt.subplot2grid((8, 8), (i // 8, i % 8))
    ax.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    ax.set_title(f"feature {i}", fontsize=8)
    ax.axis("off")

plt.show()
