# Everything right and shown. At the very end the student tidies up: deletes the images by hand, and then all
# variables with %reset. Nothing is left to measure when the notebook has run, but it was all there.
#
# /// label
# cnn = ["pass", "review"]
# training = ["pass", "review"]
# images = ["pass", "review"]
# ascent = ["pass", "review"]
# objective = ["pass", "review"]
# updates = ["pass", "review"]
# plot = ["pass", "review"]
#
# [cells]
# insert = {tidy_up = "check_plot", tidy_up_all = "tidy_up"}
# ///

# %% cnn
model = keras.models.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding="same", activation="elu", name="conv2d_1"),
    layers.Conv2D(32, 3, padding="same", activation="elu", name="conv2d_2"),
    layers.MaxPooling2D(),
    layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3"),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)
plt.semilogy(results.history["loss"], ".-")
plt.xlabel("epoch"); plt.ylabel("loss")
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []
f = keras.Model(model.inputs, model.get_layer(layer_name).output)
for i in range(number_of_filters):
    X = tf.Variable(np.random.rand(1, 28, 28, 1).astype(np.float32))
    for t in range(gradient_updates):
        with tf.GradientTape() as tape:
            a = tf.reduce_mean(f(X)[0, ..., i])
        X.assign_add(step_size * normalize(tape.gradient(a, X)))
    visualized_feature += [X.numpy()]

# %% plot
figure = plt.figure(figsize=(12, 12))
for i, X in enumerate(visualized_feature):
    plt.subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(X[0, :, :, 0].copy()), cmap="gray")
    plt.title(f"feature {i}")
    plt.axis("off")
plt.show()

# %% tidy_up
# free memory
del visualized_feature, f, figure

# %% tidy_up_all
%reset -f
