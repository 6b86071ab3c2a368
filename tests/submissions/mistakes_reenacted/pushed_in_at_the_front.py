# Pushes each finished image in at the front of the list. In the end the image of filter 0 is the last one, and the
# titles of the figure are the wrong way round. The ascents are right.
#
# /// label
# objective = "fail"
#
# [feedback_mentions]
# objective = ["order"]
#
# [causes]
# objective = "reversed_filters"
# ///

# %% cnn
class Reader(keras.Model):
    def __init__(self):
        super().__init__()
        self.c = [
            layers.Conv2D(n, 3, padding="same", activation="relu", name=f"conv2d_{i}" if i else "conv2d")
            for i, n in enumerate([16, 20, 24, 26])
        ]
        self.pool = layers.MaxPooling2D()
        self.flatten = layers.Flatten()
        self.out = layers.Dense(10, activation="softmax")

    def maps(self, x):
        x = self.pool(self.c[0](x))
        return self.c[3](self.c[2](self.c[1](x)))

    def call(self, x):
        return self.out(self.flatten(self.pool(self.maps(x))))


model = Reader()

# %% train
model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=20, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 26

visualized_feature = []
for filter_index in range(number_of_filters):
    x = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for step in range(gradient_updates):
        with tf.GradientTape() as tape:
            y = tf.reduce_mean(model.maps(x)[:, :, :, filter_index])
        dx = tape.gradient(y, x)
        x.assign_add(step_size * normalize(dx))
    visualized_feature.insert(0, x.numpy())
    if filter_index % 5 == 4:
        print(filter_index + 1, "filters done")

# %% plot
figure = plt.figure(figsize=(14, 3.6))
position = 0
for image in visualized_feature:
    position += 1
    plt.subplot(2, 13, position)
    plt.title(f"feature {position - 1}", fontsize=7)
    plt.imshow(deprocess_image(image.copy())[0, :, :, 0], cmap="gray")
    plt.axis("off")
plt.show()
