# Everything right, from the network to the figure. Two cells at the end play with the same names again: one
# puts handwritten digits into visualized_feature, to compare, the other makes a new, untrained network with
# two convolutions out of `model`. What was handed in for the exercise was made and shown before.
#
# /// label
#
# [cells]
# insert = {compare_with_digits = "check_plot", without_training = "compare_with_digits"}
# ///

# %% cnn
inputs = keras.Input((28, 28, 1))
z = layers.Rescaling(2.0, offset=-1.0)(inputs)
z = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d")(z)
z = layers.MaxPooling2D()(z)
z = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1")(z)
z = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2")(z)
z = layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3")(z)
z = layers.MaxPooling2D()(z)
z = layers.Flatten()(z)
outputs = layers.Dense(10, activation="softmax")(z)
model = keras.Model(inputs, outputs)

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64

maps_of = keras.Model(inputs, model.get_layer(layer_name).output)


@tf.function
def step_up(image, index):
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = tf.reduce_mean(maps_of(image)[0], axis=(0, 1))[index]
    return image + step_size * normalize(tape.gradient(loss, image))


visualized_feature = []
for filter_index in tf.range(number_of_filters):
    image = tf.random.uniform((1, 28, 28, 1))
    for _ in range(gradient_updates):
        image = step_up(image, filter_index)
    visualized_feature.append(image.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))
for i, best in enumerate(visualized_feature):
    plt.subplot(8, 8, i + 1, title=f"feature {i}", xticks=[], yticks=[])
    plt.imshow(deprocess_image(best.copy()).squeeze(), cmap="gray")
plt.show()

# %% compare_with_digits
# real digits for comparison: do they look like the features?
visualized_feature = [x_test[k].copy() for k in range(64)]
comparison = plt.figure(figsize=(8, 8))
for k in range(64):
    plt.subplot(8, 8, k + 1)
    plt.imshow(visualized_feature[k][:, :, 0], cmap="gray")
    plt.axis("off")
plt.show()

# %% without_training
# filters of a network that has not been trained: kernels are just random
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(16, 3, activation="relu"),
    layers.Conv2D(16, 3, activation="relu"),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])
random_kernels = model.layers[0].get_weights()[0]
plt.figure(figsize=(8, 1))
for k in range(16):
    plt.subplot(1, 16, k + 1)
    plt.imshow(random_kernels[:, :, 0, k], cmap="gray")
    plt.axis("off")
plt.show()
