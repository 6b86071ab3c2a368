# Shifts the image by up to two pixels at random before each gradient and shifts the gradient back, so that
# no place of the pooling grid is preferred. Number and size of the steps are as asked; the trick is a
# refinement.
#
# /// label
# updates = ["pass", "partial"]
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.MaxPooling2D(),
    layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.Conv2D(64, 3, padding="same", activation="leaky_relu", name="conv2d_3"),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile(keras.optimizers.Adam(1.5e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

model_until = keras.Model(model.inputs, model.get_layer(layer_name).output)
random = np.random.RandomState(42)


def gradient_with_jitter(img, k):
    dy, dx = random.randint(-2, 3, size=2)
    moved = tf.roll(img, shift=[dy, dx], axis=[1, 2])
    with tf.GradientTape() as tape:
        tape.watch(moved)
        a = tf.reduce_mean(model_until(moved)[:, :, :, k])
    g = tape.gradient(a, moved)
    return tf.roll(g, shift=[-dy, -dx], axis=[1, 2])


for filter_index in range(number_of_filters):
    img = tf.constant(random.uniform(size=(1, 28, 28, 1)), dtype=tf.float32)
    for update in range(gradient_updates):
        img += step_size * normalize(gradient_with_jitter(img, filter_index))
    visualized_feature.append(img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(len(visualized_feature)):
    ax = figure.add_subplot(8, 8, i + 1, xticks=[], yticks=[])
    ax.imshow(deprocess_image(visualized_feature[i].copy()).squeeze(), cmap="gray")
    ax.set_title(f"feature {i}", fontsize=8)

plt.show()
