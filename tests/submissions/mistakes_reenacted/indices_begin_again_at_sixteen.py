# Copied filter_index % 16 from an example with 16 filters. The layer has 32, so that the second half of the images
# shows the first 16 filters once more, each with noise of its own. The first half is right.
#
# /// label
# objective = "partial"
# ascent = ["pass", "partial"]
#
# [feedback_mentions]
# objective = ["their own filter"]
# ///

# %% cnn
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.c0 = layers.Conv2D(12, 3, padding="same", activation="relu", name="conv2d")
        self.c1 = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1")
        self.c2 = layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_2")
        self.c3 = layers.Conv2D(32, 3, padding="same", activation="leaky_relu", name="conv2d_3")
        self.pool = layers.MaxPooling2D(2)
        self.flat = layers.Flatten()
        self.last = layers.Dense(10, activation="softmax")

    def maps(self, x):
        x = self.pool(self.c0(x))
        return self.c3(self.c2(self.c1(x)))

    def call(self, x):
        return self.last(self.flat(self.pool(self.maps(x))))


model = Net()

# %% train
model.compile(optimizer=keras.optimizers.Adam(2e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

for filter_index in range(number_of_filters):
    x = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for i in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model.maps(x)[:, :, :, filter_index % 16])
        x.assign_add(step_size * normalize(tape.gradient(loss, x)))
    visualized_feature.append(x.numpy())

# %% plot
figure, axes = plt.subplots(4, 8, figsize=(13, 7))
for filter_index in range(number_of_filters):
    ax = axes[filter_index // 8, filter_index % 8]
    ax.imshow(deprocess_image(visualized_feature[filter_index].copy())[0, :, :, 0], cmap="gray")
    ax.set_title(f"feature {filter_index}")
    ax.axis("off")
plt.show()
