# Does the filters in two batches of 32 and lets the second begin with filter 33 instead of 32. So the
# images 32 to 62 show the filter after their own, and the last image, for a filter that does not exist,
# stays noise. The first half is right.
#
# /// label
# objective = ["partial", "fail"]
# ascent = ["pass", "partial"]
#
# [feedback_mentions]
# objective = ["filter"]
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.MaxPooling2D(),
    layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3"),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

maps = keras.Model(model.inputs, model.get_layer(layer_name).output)

# 64 at once was too much for my old laptop, so two halves
halves = [(0, 32), (33, 65)]

for first, last in halves:
    selector = tf.one_hot(list(range(first, last)), number_of_filters)
    batch = tf.Variable(tf.random.uniform((last - first, 28, 28, 1)))

    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            activation = tf.reduce_mean(maps(batch), axis=(1, 2))
            loss = tf.reduce_sum(selector * activation)
        grads = tape.gradient(loss, batch)
        norm = tf.sqrt(tf.reduce_mean(tf.square(grads), axis=(1, 2, 3), keepdims=True))
        batch.assign_add(step_size * grads / (norm + KTF.epsilon()))

    visualized_feature += list(batch.numpy())

print(len(visualized_feature))  # 64, good

# %% plot
figure = plt.figure(figsize=(12, 12))

for i, im in enumerate(visualized_feature):
    plt.subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(im.copy())[:, :, 0], cmap="gray")
    plt.title(f"feature {i}", fontsize=8)
    plt.axis("off")

plt.show()
