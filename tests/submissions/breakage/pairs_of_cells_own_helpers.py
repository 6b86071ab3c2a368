# Everything right. Network and training share one cell, ascent and plot another. The given cells with
# normalize and deprocess_image are deleted, and functions of her own take their place. The trained model is
# saved to a file and read again before the ascent, which works.
#
# /// label
#
# [cells]
# merge = [["cnn", "train"], ["ascent", "plot"]]
# delete = ["normalize", "deprocess", "look_at_deprocess"]
# ///

# %% cnn
def digit_net(widths=(8, 16, 32, 64)):
    names = ["conv2d", "conv2d_1", "conv2d_2", "conv2d_3"]
    net = keras.Sequential([layers.Input(shape=(28, 28, 1))])
    for depth, (width, name) in enumerate(zip(widths, names)):
        net.add(layers.Conv2D(width, 3, padding="same", activation="relu", name=name))
        if depth % 2 == 0:
            net.add(layers.MaxPooling2D())
    net.add(layers.Flatten())
    net.add(layers.Dense(10, activation="softmax"))
    return net


model = digit_net()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)
model.save("digit_net.keras")  # so that I need not train again

# %% ascent
model = keras.models.load_model("digit_net.keras")

STEPS = 50
ETA = 1.0
layer_name = "conv2d_3"
number_of_filters = 64


def unit_rms(g):
    # divide by the root mean square of all pixels
    return g / (tf.sqrt(tf.reduce_mean(tf.square(g))) + 1e-7)


def to_grey(x):
    z = (x - x.mean()) / (x.std() + 1e-7)
    return (255 * np.clip(z + 0.5, 0, 1)).astype(np.uint8)


lower_part = keras.Model(model.inputs, model.get_layer(layer_name).output)
visualized_feature = []
for filter_index in range(number_of_filters):
    picture = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for step in range(STEPS):
        with tf.GradientTape() as tape:
            signal = tf.reduce_mean(lower_part(picture)[:, :, :, filter_index])
        picture.assign_add(ETA * unit_rms(tape.gradient(signal, picture)))
    visualized_feature.append(picture.numpy()[0, :, :, 0])

# %% plot
figure, axes = plt.subplots(8, 8, figsize=(12, 12))
for filter_index, axis in enumerate(axes.flat):
    axis.imshow(to_grey(visualized_feature[filter_index]), cmap="gray")
    axis.set_title(f"feature {filter_index}")
    axis.axis("off")
figure.tight_layout()
plt.show()
