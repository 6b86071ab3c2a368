# The images of the ascent are right, but the plot does not show them: it shows the 64 feature maps which
# the layer makes of the first test digit.
#
# /// label
# plot = ["fail", "partial"]
#
# [feedback_mentions]
# plot = ["panel"]
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(16, 3, padding="same", name="conv2d"), layers.Activation("relu"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3"),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(32, activation="relu"),
    layers.Dense(10, activation="softmax"),
], name="mnist_cnn")

# %% train
model.compile(optimizer=keras.optimizers.Adam(), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, validation_data=(x_test, y_test), verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

feature_map_model = keras.Model(model.inputs, model.get_layer(layer_name).output)


@tf.function
def ascent_update(image, filter_index):
    with tf.GradientTape() as tape:
        tape.watch(image)
        feature_map = feature_map_model(image)[..., filter_index]
        loss = tf.reduce_mean(feature_map)
    grads = normalize(tape.gradient(loss, image))
    return image + step_size * grads


for filter_index in tf.range(number_of_filters):
    image = tf.random.uniform((1, 28, 28, 1))
    for update in range(gradient_updates):
        image = ascent_update(image, filter_index)
    visualized_feature.append(image.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

feature_maps = feature_map_model.predict(x_test[:1], verbose=0)
for i in range(64):
    plt.subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(feature_maps[0, :, :, i].copy()), cmap="gray")
    plt.title(f"feature {i}")
    plt.axis("off")

plt.show()
