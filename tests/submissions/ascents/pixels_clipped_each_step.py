# Clips the pixels to [0, 1] after every step, "so that it stays an image". The steps are as asked (50, rms
# 1), what is cut off afterwards makes them shorter: a teacher may or may not mind that. The filters are
# raised all the same.
#
# /// label
# updates = ["pass", "partial"]
#
# [feedback_mentions]
# updates = ["step"]
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(16, kernel_size=3, padding="same", activation="relu", name="conv2d"))
model.add(layers.MaxPooling2D())
model.add(layers.Conv2D(32, kernel_size=3, padding="same", activation="relu", name="conv2d_1"))
model.add(layers.Conv2D(32, kernel_size=3, padding="same", activation="relu", name="conv2d_2"))
model.add(layers.Conv2D(32, kernel_size=3, padding="same", activation="relu", name="conv2d_3"))
model.add(layers.MaxPooling2D())
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

feature_extractor = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(np.random.uniform(0, 1, (1, 28, 28, 1)), dtype="float32")
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(feature_extractor(input_img)[..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
        # pixels of a real image are between 0 and 1
        input_img.assign(tf.clip_by_value(input_img, 0.0, 1.0))
    visualized_feature.append(input_img.numpy())

# %% plot
figure, axes = plt.subplots(4, 8, figsize=(12, 6))

for i, ax in enumerate(axes.flatten()):
    ax.imshow(deprocess_image(visualized_feature[i].copy()).squeeze(), cmap="gray")
    ax.set_title(f"feature {i}")
    ax.axis("off")

plt.show()
