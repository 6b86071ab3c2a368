# Eight convolutions, built in a loop from a list of settings; the last one, conv2d_7, has 24 filters and is
# the one that is visualised. The grid of 3 x 8 is computed from the number of filters. Correct.
#
# /// label
# ///

# %% cnn
# a number is a convolution with so many filters, "pool" is a max pooling
CONFIG = [8, "pool", 12, 12, 12, 16, "pool", 24, 24, 24]


def build_cnn(config, classes=10):
    image = keras.Input(shape=(28, 28, 1))
    x = image
    count = 0
    for entry in config:
        if entry == "pool":
            x = layers.MaxPooling2D()(x)
            continue
        name = f"conv2d_{count}" if count else "conv2d"
        x = layers.Conv2D(
            entry, 3, padding="same", activation="relu", kernel_initializer="he_normal", name=name
        )(x)
        count += 1
    x = layers.Flatten()(x)
    x = layers.Dense(classes, activation="softmax")(x)
    print(count, "convolutions")
    return keras.Model(image, x)


model = build_cnn(CONFIG)
model.summary()

# %% train
LEARNING_RATE = 1e-3
EPOCHS = 5
BATCH = 32

model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=LEARNING_RATE),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
results = model.fit(
    x_train, y_train, batch_size=BATCH, epochs=EPOCHS, validation_data=(x_test, y_test), verbose=2
)

# %% ascent
layer_name = "conv2d_7"
number_of_filters = CONFIG[-1]
visualized_feature = []

features = keras.Model(model.input, model.get_layer(layer_name).output)


def climb(filter_index, start):
    """Follow the gradient of one filter from the image `start`; returns the image and the activations."""
    image = tf.Variable(start)
    history = []
    for _ in range(gradient_updates):
        with tf.GradientTape() as tape:
            activation = tf.reduce_mean(features(image)[..., filter_index])
        image.assign_add(step_size * normalize(tape.gradient(activation, image)))
        history.append(activation.numpy())
    return image.numpy(), history


for filter_index in range(number_of_filters):
    start = tf.random.uniform((1, 28, 28, 1), minval=0, maxval=1)
    image, history = climb(filter_index, start)
    visualized_feature.append(image)
    print(f"{filter_index}: {history[0]:.3f} ... {history[-1]:.3f}")

# %% plot
columns = 8
rows = int(np.ceil(len(visualized_feature) / columns))
figure = plt.figure(figsize=(1.5 * columns, 1.7 * rows))

for i, feature in enumerate(visualized_feature):
    ax = figure.add_subplot(rows, columns, i + 1)
    ax.imshow(deprocess_image(feature[0, :, :, 0].copy()), cmap="gray")
    ax.set_title(f"feature {i}")
    ax.axis("off")

figure.tight_layout()
plt.show()
