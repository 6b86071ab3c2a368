# A compiled function draws the noise itself, and tf.scan makes the fifty steps; the last of its fifty images is kept.
# Everything right, but neither the start nor a single step is to be seen from outside the function.
#
# /// label
# updates = ["pass", "review"]
# ///

# %% cnn
net = keras.Sequential(name="features")
net.add(layers.Input(shape=(28, 28, 1)))
net.add(layers.Conv2D(8, 3, activation="relu", padding="same", name="conv2d"))
net.add(layers.Conv2D(16, 3, activation="relu", padding="same", name="conv2d_1"))
net.add(layers.MaxPooling2D())
net.add(layers.Conv2D(16, 3, activation="relu", padding="same", name="conv2d_2"))
net.add(layers.Conv2D(20, 3, activation="elu", padding="same", name="conv2d_3"))
model = keras.Sequential(
    [net, layers.MaxPooling2D(), layers.Flatten(), layers.Dense(10, activation="softmax")]
)

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=5, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 20
visualized_feature = []


@tf.function
def feature(number):
    def next_image(image, _):
        with tf.GradientTape() as tape:
            tape.watch(image)
            loss = tf.reduce_mean(tf.gather(net(image), number, axis=-1))
        return image + step_size * normalize(tape.gradient(loss, image))

    noise = tf.random.uniform((1, 28, 28, 1))
    film = tf.scan(next_image, tf.range(gradient_updates), initializer=noise)
    return film[-1]


for number in tf.range(number_of_filters):
    visualized_feature.append(feature(number).numpy())

# %% plot
figure, axes = plt.subplots(4, 5, figsize=(8, 7))
for number, ax in enumerate(axes.flat):
    ax.imshow(deprocess_image(visualized_feature[number].copy())[0, :, :, 0], cmap="gray")
    ax.set_title(f"feature {number}")
    ax.axis("off")
plt.show()
