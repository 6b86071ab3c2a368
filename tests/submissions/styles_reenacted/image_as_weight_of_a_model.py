# The image is the only trainable weight of a Keras model of its own, whose train_step makes one step uphill; fit, with
# fifty batches of nothing, is the inner loop. Everything right.
#
# /// label
# updates = ["pass", "review"]
# ///

# %% cnn
model = keras.Sequential(
    [
        layers.Input(shape=(28, 28, 1)),
        layers.Conv2D(16, 3, activation="relu", padding="same", name="conv2d"),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 3, activation="relu", padding="same", name="conv2d_1"),
        layers.Conv2D(16, 3, activation="relu", padding="same", name="conv2d_2"),
        layers.Conv2D(16, 3, activation="leaky_relu", padding="same", name="conv2d_3"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]
)

# %% train
model.compile(optimizer=keras.optimizers.Adam(2e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=5, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 16
visualized_feature = []


class Canvas(keras.Model):
    """A model with one weight: the image."""

    def __init__(self, network):
        super().__init__()
        network.trainable = False
        self.network = network
        self.filter = tf.Variable(0, trainable=False)
        self.image = self.add_weight(shape=(1, 28, 28, 1), initializer="zeros", name="image")

    def begin(self, filter_index):
        self.filter.assign(filter_index)
        self.image.assign(np.random.uniform(size=(1, 28, 28, 1)))

    def train_step(self, data):
        with tf.GradientTape() as tape:
            maps = self.network(self.image.value)
            activation = tf.reduce_mean(tf.gather(maps, self.filter, axis=-1))
        grads = tape.gradient(activation, self.image.value)
        self.image.assign_add(step_size * normalize(grads))
        return {"activation": activation}


canvas = Canvas(keras.Model(model.inputs, model.get_layer(layer_name).output))
canvas.compile()
nothing = np.zeros((gradient_updates, 1))

for filter_index in range(number_of_filters):
    canvas.begin(filter_index)
    canvas.fit(nothing, batch_size=1, epochs=1, verbose=0)
    visualized_feature.append(canvas.image.numpy())

# %% plot
figure, axes = plt.subplots(4, 4, figsize=(8, 8))
for filter_index in range(number_of_filters):
    ax = axes.flat[filter_index]
    ax.imshow(deprocess_image(visualized_feature[filter_index].copy())[0, :, :, 0], cmap="gray")
    ax.set_title(f"feature {filter_index}")
    ax.axis("off")
plt.show()
