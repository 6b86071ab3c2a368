# Looks into two layers in one go and keeps the images in a dictionary {layer name: list of images}. Each
# layer gets a figure of its own, so that the change with depth can be seen; the last figure is that of
# conv2d_3.
#
# /// label
# ///

# %% cnn
model = keras.Sequential(
    [
        layers.Input(shape=(28, 28, 1)),
        layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d"),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"),
        layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_2"),
        layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]
)
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_names = ["conv2d_1", "conv2d_3"]
visualized_feature = {}


def images_of_layer(layer_name):
    layer = model.get_layer(layer_name)
    part = keras.Model(model.inputs, layer.output)

    @tf.function
    def step(image, filter_index):
        with tf.GradientTape() as tape:
            tape.watch(image)
            loss = tf.reduce_mean(part(image)[0, :, :, filter_index])
        return image + step_size * normalize(tape.gradient(loss, image))

    images = []
    for filter_index in range(layer.filters):
        image = tf.random.uniform((1, 28, 28, 1))
        for update in range(gradient_updates):
            image = step(image, tf.constant(filter_index))
        images.append(image.numpy())
    return images


for layer_name in layer_names:
    visualized_feature[layer_name] = images_of_layer(layer_name)
    print(layer_name, len(visualized_feature[layer_name]), "images")

# %% plot
for layer_name, images in visualized_feature.items():
    rows = len(images) // 8
    figure = plt.figure(figsize=(12, 1.5 * rows + 0.5))
    figure.suptitle(layer_name)
    for i, image in enumerate(images):
        ax = figure.add_subplot(rows, 8, i + 1)
        ax.imshow(deprocess_image(image.copy())[0, :, :, 0], cmap="gray")
        ax.set_title(f"feature {i}")
        ax.axis("off")
    plt.show()
