# Two modules with parallel branches of 1x1, 3x3 and 5x5 kernels that are concatenated, between a first and
# a last ordinary convolution. Even the shortest way through has four convolutions. The 64 filters of the
# last one climb as a batch.
#
# /// label
# ///

# %% cnn
def inception(x, n1, n3, n5, label):
    def conv(n, k, suffix):
        return layers.Conv2D(n, k, padding="same", activation="relu", name=label + suffix)

    narrow = conv(n1, 1, "_1x1")(x)

    middle = conv(n3 // 2, 1, "_reduce3")(x)
    middle = conv(n3, 3, "_3x3")(middle)

    wide = conv(n5 // 2, 1, "_reduce5")(x)
    wide = conv(n5, 5, "_5x5")(wide)

    return layers.Concatenate(name=label + "_concat")([narrow, middle, wide])


entry = layers.Input(shape=(28, 28, 1))
x = layers.Conv2D(8, 5, padding="same", activation="relu", name="conv_in")(entry)
x = layers.MaxPooling2D()(x)
x = inception(x, 8, 12, 4, "mix_a")
x = layers.MaxPooling2D()(x)
x = inception(x, 12, 20, 8, "mix_b")
x = layers.Conv2D(64, 3, padding="same", activation="relu", name="conv_out")(x)
x = layers.Flatten()(x)
x = layers.Dropout(0.2)(x)
x = layers.Dense(10, activation="softmax")(x)

model = keras.Model(entry, x)
print([layer.name for layer in model.layers])

# %% train
model.compile("adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)
model.evaluate(x_test, y_test, verbose=2)

# %% ascent
layer_name = "conv_out"
number_of_filters = 64


class Climber:
    """Holds one image per filter and moves all of them uphill."""

    def __init__(self, network, name, count):
        self.network = keras.Model(network.input, network.get_layer(name).output)
        self.images = tf.Variable(tf.random.uniform((count, 28, 28, 1), 0.0, 1.0))

    def activations(self):
        maps = self.network(self.images)
        return tf.linalg.diag_part(tf.reduce_mean(maps, axis=[1, 2]))

    def step(self, eta):
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(self.activations())
        gradient = tape.gradient(total, self.images)
        flat = tf.reshape(gradient, (gradient.shape[0], 28 * 28))
        length = tf.norm(flat, axis=1) / 28  # the root of 28 * 28 pixels
        self.images.assign_add(eta * gradient / (length[:, None, None, None] + KTF.epsilon()))


climber = Climber(model, layer_name, number_of_filters)
before = climber.activations().numpy()
for _ in range(gradient_updates):
    climber.step(step_size)
after = climber.activations().numpy()

for i in range(number_of_filters):
    print(f"{i:2d} {before[i]:8.3f} {after[i]:8.3f}")

visualized_feature = list(climber.images.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))
cells = figure.add_gridspec(8, 8, hspace=0.4)
for i, picture in enumerate(visualized_feature):
    ax = figure.add_subplot(cells[divmod(i, 8)])
    ax.imshow(deprocess_image(picture.copy())[:, :, 0], cmap="gray")
    ax.set_title(f"feature {i}", fontsize=8)
    ax.set_axis_off()
plt.show()
