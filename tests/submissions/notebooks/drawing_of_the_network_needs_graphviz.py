# Draws the network with plot_model behind the cell that builds it, which needs packages that are not
# installed. Only that cell stops; the work is right.
#
# /// label
# [cells]
# insert = {drawing = "cnn"}
# ///

# %% cnn
scan = layers.Input(shape=(28, 28, 1), name="scan")
left = layers.Conv2D(8, 5, padding="same", activation="relu", name="conv2d")(scan)
left = layers.MaxPool2D()(left)
left = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1")(left)
right = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2")(left)
joined = layers.Add(name="sum")([left, right])  # a way around conv2d_2, to have something to draw
joined = layers.MaxPool2D()(joined)
last = layers.Conv2D(25, 3, padding="same", activation="relu", name="conv2d_3")(joined)
before = layers.Conv2D(16, 1, padding="same", activation="relu", name="squeeze")(last)
model = keras.Model(inputs=scan, outputs=layers.Dense(10, activation="softmax")(layers.Flatten()(before)))

# %% drawing
keras.utils.plot_model(model, "network.png", show_shapes=True)

# %% train
rate = keras.optimizers.schedules.ExponentialDecay(2e-3, decay_steps=len(x_train) // 32, decay_rate=0.8)
model.compile(keras.optimizers.Adam(rate), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, 32, 5, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 25


def favourite_of(neuron):
    """The image at which the map `neuron` is brightest, from noise."""
    x = tf.Variable(tf.random.uniform(shape=(1, 28, 28, 1), minval=0, maxval=1))
    for _ in range(gradient_updates):
        with tf.GradientTape() as watch:
            brightness = tf.math.reduce_mean(up_to(x)[..., neuron])
        x.assign_add(step_size * normalize(watch.gradient(brightness, x)))
    return x.numpy()


up_to = keras.Model(scan, last)
visualized_feature = list(map(favourite_of, range(number_of_filters)))

# %% plot
figure = plt.figure(figsize=(8, 9))
for neuron in range(number_of_filters):
    plt.subplot(5, 5, 1 + neuron)
    plt.title(f"feature {neuron}")
    plt.xticks([]), plt.yticks([])
    plt.imshow(deprocess_image(visualized_feature[neuron].copy()).reshape(28, 28), cmap="gray")
plt.subplots_adjust(hspace=0.4)
plt.show()
