# Only 40 of the 64 filters get an image. These 40 are pasted together into one big picture, shown as a
# single panel, where no feature has its title.
#
# /// label
# images = "partial"
# plot = ["partial", "fail"]
#
# [feedback_mentions]
# images = ["40"]
# plot = ["panel"]
# ///

# %% cnn
model = keras.Sequential(
    [keras.Input((28, 28, 1))]
    + [layers.Conv2D(8, 3, activation="relu", padding="same", name="conv2d"), layers.MaxPooling2D()]
    + [layers.Conv2D(n, 3, activation="relu", padding="same", name=f"conv2d_{k}")
       for k, n in enumerate([24, 24, 64], start=1)]
    + [layers.MaxPooling2D(), layers.Flatten(), layers.Dense(10, activation="softmax")]
)

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
rows, cols = 5, 8
number_of_filters = rows * cols

sub = keras.Model(model.inputs, model.get_layer(layer_name).output)


def normalize_batch(g):
    # normalize() for each image on its own
    return tf.stack([normalize(gi) for gi in tf.unstack(g)])


@tf.function
def step(x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        a = tf.reduce_mean(sub(x), axis=(1, 2))[:, :number_of_filters]
        total = tf.linalg.trace(a)
    return x + step_size * normalize_batch(tape.gradient(total, x))


x = tf.random.uniform((number_of_filters, 28, 28, 1))
for update in range(gradient_updates):
    x = step(x)

visualized_feature = list(x.numpy())

# %% plot
figure = plt.figure(figsize=(12, 8))

gap = 2
mosaic = np.full((rows * (28 + gap) - gap, cols * (28 + gap) - gap), 255, dtype="uint8")
for k, f in enumerate(visualized_feature):
    r, c = divmod(k, cols)
    top, left = r * (28 + gap), c * (28 + gap)
    mosaic[top : top + 28, left : left + 28] = deprocess_image(f.copy())[..., 0]

plt.imshow(mosaic, cmap="gray")
plt.axis("off")

plt.show()
