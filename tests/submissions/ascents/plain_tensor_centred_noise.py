# No variable at all: the image is a plain tensor, watched by the tape and replaced in every step. The noise
# is centred, from -0.5 to 0.5. The function that gives the gradient gives it already normalised.
#
# /// label
# ///

# %% cnn
model = keras.Sequential([
    keras.Input(shape=(28, 28, 1)),
    layers.Conv2D(10, 3, padding="same", activation="relu", name="conv2d"),
    layers.MaxPooling2D(),
    layers.Conv2D(20, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.Conv2D(20, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.Conv2D(40, 3, padding="same", activation="relu", name="conv2d_3"),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, 32, 3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 40
visualized_feature = []

phi = keras.Model(model.inputs, model.get_layer(layer_name).output)


def force(x, i):
    # direction of steepest ascent of a_i at x, length (rms) 1
    with tf.GradientTape() as tape:
        tape.watch(x)
        a = tf.reduce_mean(phi(x)[..., i])
    g = tape.gradient(a, x)
    return g / (tf.sqrt(tf.reduce_mean(g**2)) + 1e-7)


for i in range(number_of_filters):
    x = tf.random.uniform((1, 28, 28, 1), minval=-0.5, maxval=0.5)
    for t in range(gradient_updates):
        x = x + step_size * force(x, i)
    visualized_feature.append(x)

# %% plot
figure = plt.figure(figsize=(13, 8))

for i, x in enumerate(visualized_feature):
    ax = figure.add_subplot(5, 8, i + 1, title=f"feature {i}")
    ax.imshow(deprocess_image(np.array(x[0, :, :, 0])), cmap="gray")
    ax.axis("off")

plt.show()
