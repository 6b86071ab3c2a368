# The model is a class of its own, with a method that returns the feature maps, so there is no sub-model.
# The images climb as one batch. Everything right.
#
# /// label
# ///

# %% cnn
class DigitReader(keras.Model):
    def __init__(self, widths=(8, 16, 16, 64)):
        super().__init__()
        names = ["conv2d"] + [f"conv2d_{k}" for k in range(1, len(widths))]
        self.convs = [
            layers.Conv2D(w, 3, padding="same", activation="relu", name=n) for w, n in zip(widths, names)
        ]
        self.pool = layers.MaxPooling2D()
        self.flat = layers.Flatten()
        self.out = layers.Dense(10, activation="softmax")

    def features(self, x):
        x = self.pool(self.convs[0](x))
        x = self.convs[1](x)
        x = self.pool(self.convs[2](x))
        return self.convs[3](x)

    def call(self, x):
        return self.out(self.flat(self.features(x)))


model = DigitReader()
print(model(x_train[:2]).shape)
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64

images = tf.Variable(tf.random.uniform((number_of_filters, 28, 28, 1)))
own = tf.range(number_of_filters)

for update in range(gradient_updates):
    with tf.GradientTape() as tape:
        means = tf.reduce_mean(model.features(images), axis=(1, 2))
        loss = tf.reduce_sum(tf.gather_nd(means, tf.stack([own, own], axis=1)))
    grads = tape.gradient(loss, images)
    grads = tf.map_fn(normalize, grads)  # every image for itself
    images.assign_add(step_size * grads)

visualized_feature = [im for im in images.numpy()]

# %% plot
figure = plt.figure(figsize=(12, 12))

axes = figure.subplots(8, 8)
for i, ax in enumerate(axes.flat):
    ax.imshow(deprocess_image(visualized_feature[i].copy())[..., 0], cmap="gray", interpolation="nearest")
    ax.set_title(f"feature {i}")
    ax.axis("off")

plt.show()
