# The gradient is taken with respect to `start`, a copy of the image that never changes, so all 50 steps are
# the same step, along the gradient at the noise. That is one long jump and no climb. As the network is
# piecewise linear it raises most filters nevertheless, though less. What it shows is roughly, or hardly, what they
# respond to, depending on the training; the loss itself is right.
#
# /// label
# updates = ["partial", "fail"]
# ascent = ["pass", "partial"]
# objective = ["pass", "partial", "fail"]
#
# [causes]
# updates = "gradient_at_the_start"
# ///

# %% cnn
model = keras.Sequential()
model.add(keras.Input((28, 28, 1)))
model.add(layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d"))
model.add(layers.MaxPooling2D())
model.add(layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"))
model.add(layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2"))
model.add(layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3"))
model.add(layers.MaxPooling2D())
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

extractor = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    noise = np.random.uniform(size=(1, 28, 28, 1)).astype("float32")
    start = tf.constant(noise)
    input_img = tf.Variable(noise)

    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            tape.watch(start)
            loss = tf.reduce_mean(extractor(start)[..., filter_index])
        grads = normalize(tape.gradient(loss, start))
        input_img.assign_add(step_size * grads)

    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(number_of_filters):
    figure.add_subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy()).reshape(28, 28), cmap="gray")
    plt.gca().set_title(f"feature {i}")
    plt.axis("off")

plt.show()
