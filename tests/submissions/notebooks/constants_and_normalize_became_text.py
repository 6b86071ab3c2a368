# The given cell with normalize and the two constants was turned into a text cell by a wrong key. The
# student's own work is right.
#
# /// label
# [cells]
# as_text = ["normalize"]
# ///

# %% cnn
picture = keras.Input(shape=(28, 28, 1), name="picture")
h = layers.Conv2D(16, 3, strides=2, activation="relu", padding="same", name="conv2d")(picture)
h = layers.Conv2D(20, 3, activation="relu", padding="same", name="conv2d_1")(h)
h = layers.Conv2D(24, 3, activation="relu", padding="same", name="conv2d_2")(h)
h = layers.MaxPooling2D(2, name="pool")(h)
h = layers.Conv2D(28, 3, activation="relu", padding="same", name="conv2d_3")(h)
h = layers.Flatten(name="flat")(h)
verdict = layers.Dense(10, activation="softmax", name="verdict")(h)
model = keras.Model(picture, verdict)

# %% train
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.0015),
    loss=keras.losses.CategoricalCrossentropy(),
    metrics=["accuracy"],
)
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)
model.evaluate(x_test, y_test, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 28
visualized_feature = []

lower_half = keras.Model(picture, model.get_layer(layer_name).output)


def slope(img, k):
    """Normalised gradient of the mean of feature map k, and that mean."""
    with tf.GradientTape() as tape:
        mean_activation = KTF.mean(lower_half(img)[0, :, :, k])
    return normalize(tape.gradient(mean_activation, img)), mean_activation


for k in range(number_of_filters):
    img = KTF.variable(np.random.random_sample((1, 28, 28, 1)))
    for _ in range(gradient_updates):
        g, height = slope(img, k)
        img.assign_add(g * step_size)
    print(f"{k:2d}: {float(height):.2f}")
    visualized_feature.append(img.numpy())

# %% plot
figure = plt.figure(figsize=(11, 7))
figure.suptitle(layer_name)
for k in range(number_of_filters):
    ax = figure.add_subplot(4, 7, k + 1)
    ax.imshow(deprocess_image(visualized_feature[k].copy())[0, :, :, 0], cmap="gray", vmin=0, vmax=255)
    ax.set_title("feature %d" % k, fontsize=8)
    ax.set_axis_off()
plt.show()
