# Fifty steps of size 10 instead of 1. In a nearly linear network such strides still lead uphill, so only
# the updates are not as specified.
#
# /// label
# updates = ["fail", "partial"]
# objective = ["pass", "partial"]
#
# [feedback_mentions]
# updates = ["size"]
#
# [causes]
# updates = "other_step_size"
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(16, (3, 3), strides=2, padding="same", activation="relu", name="conv2d"))
model.add(layers.Conv2D(16, (3, 3), padding="same", activation="relu", name="conv2d_1"))
model.add(layers.Conv2D(32, (3, 3), padding="same", activation="relu", name="conv2d_2"))
model.add(layers.Conv2D(32, (3, 3), padding="same", activation="relu", name="conv2d_3"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)
print(model.evaluate(x_test, y_test, verbose=0))

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

net = keras.Model(model.inputs, model.get_layer(layer_name).output)


def activation(img, channel):
    return tf.reduce_mean(net(img)[:, :, :, channel])


def ascend(channel, eta=10.0):
    img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for _ in range(gradient_updates):
        with tf.GradientTape() as tape:
            a = activation(img, channel)
        img.assign_add(eta * normalize(tape.gradient(a, img)))
    return img.numpy()


for filter_index in range(number_of_filters):
    visualized_feature.append(ascend(filter_index))

# %% plot
figure = plt.figure(figsize=(12, 12))

for i, picture in enumerate(visualized_feature):
    ax = figure.add_subplot(6, 6, i + 1)
    ax.imshow(deprocess_image(picture.copy()).squeeze(), cmap="gray")
    ax.set_title(f"feature {i}")
    ax.set_axis_off()

plt.show()
