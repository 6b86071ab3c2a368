# A small network with two convolution layers and a dense layer, half of what is asked for. All its 32
# images are made correctly, but the figure shows only one of them.
#
# /// label
# cnn = ["partial", "fail"]
# plot = ["partial", "fail"]
#
# [feedback_mentions]
# cnn = ["convolution"]
# plot = ["panel"]
#
# [causes]
# cnn = "few_convolutions"
# ///

# %% cnn
model = keras.Sequential([
    keras.Input(shape=(28, 28, 1)),
    layers.Conv2D(10, 5, padding="same", name="conv2d"),
    layers.ReLU(),
    layers.MaxPool2D(2),
    layers.Conv2D(32, 5, padding="same", name="conv2d_1", activation="relu"),
    layers.MaxPool2D(2),
    layers.Flatten(),
    layers.Dense(48, activation="relu"),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2,
                    validation_data=(x_test, y_test))

# %% ascent
layer_name = "conv2d_1"
number_of_filters = 32
visualized_feature = []

net = keras.Model(model.inputs, model.get_layer(layer_name).output)


def optimum(k):
    X = tf.Variable(np.random.rand(1, 28, 28, 1).astype("float32"))
    for _ in range(gradient_updates):
        with tf.GradientTape() as tape:
            a = KTF.mean(net(X)[0, :, :, k])
        X.assign_add(step_size * normalize(tape.gradient(a, X)))
    return X.numpy()


for filter_index in range(number_of_filters):
    visualized_feature.append(optimum(filter_index))

# %% plot
figure = plt.figure(figsize=(5, 5))

plt.imshow(deprocess_image(visualized_feature[7].copy()).squeeze(), cmap="gray")
plt.title("feature 7")
plt.axis("off")

plt.show()
