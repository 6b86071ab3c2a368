# Prepared only 30 starting images of noise for 64 filters: the ascent stops with an IndexError at filter 30.
# The 30 images that exist are right, and the figure shows them; more than half of the images are missing.
#
# /// label
# images = "partial"
#
# [feedback_mentions]
# images = ["30"]
# ///

# %% cnn
ReLUConv = lambda n, name: layers.Conv2D(n, 3, padding="same", activation="relu", name=name)

model = keras.Sequential([
    layers.Input((28, 28, 1)),
    ReLUConv(10, "conv2d"),
    layers.AveragePooling2D(2),
    ReLUConv(20, "conv2d_1"),
    ReLUConv(20, "conv2d_2"),
    ReLUConv(64, "conv2d_3"),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(10, "softmax"),
])

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)
print(results.history)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

rng = np.random.default_rng(7)
starts = rng.uniform(0, 1, size=(30, 1, 28, 28, 1)).astype("float32")  # noise, drawn once for all filters

F = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    X = tf.Variable(starts[filter_index])
    for n in range(gradient_updates):
        with tf.GradientTape() as tape:
            a_i = tf.reduce_mean(F(X)[0, :, :, filter_index])
        g = tape.gradient(a_i, X)
        X.assign_add(step_size * normalize(g))
    visualized_feature.append(X.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i, X in enumerate(visualized_feature):
    ax = figure.add_subplot(8, 8, i + 1)
    ax.imshow(deprocess_image(X.copy())[0, :, :, 0], cmap="gray")
    ax.set_title("feature {}".format(i), fontsize=9)
    ax.axis("off")

plt.show()
