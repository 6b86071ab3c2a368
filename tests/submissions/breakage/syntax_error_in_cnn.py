# A comma is missing in the list of layers, so there is no model. All later cells are well written, but each
# of them needs the model and stops with a NameError: nothing was reached.
#
# /// label
# cnn = "fail"
# training = "fail"
# images = "fail"
# ascent = "fail"
# objective = "fail"
# updates = "fail"
# plot = "fail"
#
# [feedback_mentions]
# cnn = ["syntax"]
# training = ["model"]
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(8, 5, padding="same", activation="relu", name="conv2d"),
    layers.MaxPooling2D(2),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_2")
    layers.MaxPooling2D(2),
    layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3"),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=2)
plt.plot(results.history["loss"])
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64

target = model.get_layer(layer_name)
sub = keras.Model(model.inputs, target.output)

visualized_feature = []
for filter_index in range(number_of_filters):
    input_img = tf.Variable(np.random.rand(1, 28, 28, 1).astype("float32"))
    for _ in range(gradient_updates):
        with tf.GradientTape() as g:
            loss = tf.reduce_mean(sub(input_img)[..., filter_index])
        input_img.assign_add(step_size * normalize(g.gradient(loss, input_img)))
    visualized_feature.append(input_img.numpy()[0])

# %% plot
figure, ax = plt.subplots(8, 8, figsize=(12, 12))
for i in range(64):
    row, col = divmod(i, 8)
    ax[row, col].imshow(deprocess_image(visualized_feature[i].copy())[:, :, 0], cmap="gray")
    ax[row, col].set_title(f"feature {i}", fontsize=7)
    ax[row, col].axis("off")
plt.show()
