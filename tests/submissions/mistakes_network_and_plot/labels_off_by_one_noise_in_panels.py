# The one-hot labels of the training are moved by one place, so that the network calls every 3 a 2: it is
# wrong on nearly every digit. The plot shows the list of the noise images from before the climb, not the
# features (which are correct).
#
# /// label
# training = "fail"
# plot = ["fail", "partial"]
#
# [feedback_mentions]
# training = ["label"]
# plot = ["noise"]
# ///

# %% cnn
def make_cnn(widths=(10, 20, 20, 64)):
    names = ["conv2d", "conv2d_1", "conv2d_2", "conv2d_3"]
    net = keras.Sequential([layers.Input(shape=(28, 28, 1))])
    for name, width in zip(names, widths):
        net.add(layers.Conv2D(width, 3, activation="relu", padding="same", name=name))
        if name in ("conv2d", "conv2d_3"):
            net.add(layers.MaxPooling2D())
    net.add(layers.Flatten())
    net.add(layers.Dense(10, activation="softmax"))
    return net


model = make_cnn()

# %% train
# "a 3 is written as a 1 in place 3": but Python counts from 0, place 3 has the index 2!
labels = np.roll(y_train, -1, axis=1)

model.compile(optimizer="nadam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, labels, epochs=3, batch_size=32, validation_data=(x_test, y_test), verbose=2)
# val_accuracy is nearly 0, I think this is overfitting

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []
before = []

truncated = keras.Model(model.inputs, model.get_layer(layer_name).output)
climb = tf.function(lambda img, i: one_step(img, i))


def one_step(img, i):
    with tf.GradientTape() as tape:
        tape.watch(img)
        activation = tf.reduce_mean(tf.gather(truncated(img), i, axis=-1))
    return img + step_size * normalize(tape.gradient(activation, img))


for filter_index in range(number_of_filters):
    img = tf.random.uniform((1, 28, 28, 1))
    before.append(img.numpy())
    for update in range(gradient_updates):
        img = climb(img, tf.constant(filter_index))
    visualized_feature.append(img.numpy())

# %% plot
figure, axes = plt.subplots(8, 8, figsize=(12, 12))

for i, (ax, img) in enumerate(zip(axes.flat, before)):
    ax.imshow(deprocess_image(img.copy())[0, :, :, 0], cmap="gray")
    ax.set(title=f"feature {i}")
    ax.axis("off")

figure.tight_layout()
plt.show()
