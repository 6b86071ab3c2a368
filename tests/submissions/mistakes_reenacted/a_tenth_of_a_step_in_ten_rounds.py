# Takes steps of a tenth, and only ten of them: the climb was slow, and the student short of time. Filter, objective
# and direction are right; the images are still mostly the noise they began as.
#
# /// label
# ascent = ["pass", "partial"]
# objective = ["pass", "partial"]
# updates = "fail"
#
# [feedback_mentions]
# updates = ["50"]
#
# [causes]
# updates = ["other_number_of_steps", "other_step_size"]
# ///

# %% cnn
inp = keras.Input(shape=(28, 28, 1), name="in")
left = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d")(inp)
right = layers.Conv2D(8, 5, padding="same", activation="relu", name="conv2d_1")(inp)
both = layers.concatenate([left, right])
both = layers.MaxPooling2D()(both)
both = layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_2")(both)
both = layers.Conv2D(28, 3, padding="same", activation="relu", name="conv2d_3")(both)
both = layers.MaxPooling2D()(both)
out = layers.Dense(10, activation="softmax")(layers.Flatten()(both))
model = keras.Model(inp, out, name="two_eyes")

# %% train
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=2e-3),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2, validation_data=(x_test, y_test))

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 28
visualized_feature = []

two_eyes_cut = keras.Model(inp, model.get_layer(layer_name).output)

small = 0.1 * step_size
rounds = 10
for filter_index in range(number_of_filters):
    img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for r in range(rounds):
        with tf.GradientTape() as tape:
            act = tf.reduce_mean(two_eyes_cut(img), axis=(0, 1, 2))[filter_index]
        img.assign_add(small * normalize(tape.gradient(act, img)))
    visualized_feature.append(img.numpy())

# %% plot
figure, grid = plt.subplots(4, 7, figsize=(10, 6.5), sharex=True, sharey=True)
for i in range(4):
    for j in range(7):
        k = i * 7 + j
        grid[i, j].set_title(f"feature {k}")
        grid[i, j].axis("off")
        grid[i, j].imshow(deprocess_image(visualized_feature[k].copy()).squeeze(), cmap="gray")
plt.show()
