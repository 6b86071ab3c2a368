# Builds the network a second time for the ascent and forgets that the new one has fresh weights. The
# ascent is done properly, but the images fit no layer of the trained model; where they raise a filter of
# it, that is chance.
#
# /// label
# objective = "fail"
# ascent = ["pass", "partial", "fail"]
# ///

# %% cnn
def build_model():
    """The network. Called twice: for training and for the ascent."""
    return keras.Sequential(
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


model = build_model()
model.summary()

# %% train
def train(model, epochs=3):
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model.fit(x_train, y_train, batch_size=32, epochs=epochs, verbose=2)


results = train(model)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

# a second network, so that the ascent cannot change the trained one
base = build_model()
extractor = keras.Model(base.inputs, base.get_layer(layer_name).output)


@tf.function
def ascent_step(image, index):
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = tf.reduce_mean(tf.gather(extractor(image), index, axis=-1))
    gradient = normalize(tape.gradient(loss, image))
    return image + step_size * gradient


for filter_index in range(number_of_filters):
    image = tf.random.uniform((1, 28, 28, 1))
    for _ in range(gradient_updates):
        image = ascent_step(image, tf.constant(filter_index))
    visualized_feature.append(image.numpy())

# %% plot
figure, axes = plt.subplots(8, 8, figsize=(12, 12))
for i, (ax, image) in enumerate(zip(axes.ravel(), visualized_feature)):
    ax.imshow(deprocess_image(image.copy()).squeeze(), cmap="gray")
    ax.set_title(f"feature {i}")
    ax.set_axis_off()
plt.tight_layout()
plt.show()
