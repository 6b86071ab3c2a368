# The loop over the filters ends one too early: 63 images, filter 63 has none. All others are right, and
# they are plotted.
#
# /// label
# images = ["partial", "pass"]
#
# [feedback_mentions]
# images = ["63"]
# ///

# %% cnn
inp = layers.Input(shape=(28, 28, 1))
t = inp
t = layers.Conv2D(16, 5, strides=2, padding="same", activation="relu", name="conv2d")(t)
t = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1")(t)
t = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2")(t)
t = layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3")(t)
t = layers.AveragePooling2D(2)(t)
t = layers.Flatten()(t)
t = layers.Dropout(0.3)(t)
t = layers.Dense(10, activation="softmax")(t)
model = keras.Model(inp, t)
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=5, verbose=2)
print(results.history["loss"])

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

G = keras.Model(inp, model.get_layer(layer_name).output)


@tf.function
def a_and_gradient(X, i):
    with tf.GradientTape() as tape:
        tape.watch(X)
        a = tf.reduce_mean(G(X)[..., i])
    return a, tape.gradient(a, X)


# counting starts at 0, so it has to stop at 63
for filter_index in range(0, number_of_filters - 1):
    X = tf.random.uniform((1, 28, 28, 1))
    for update in range(gradient_updates):
        a, g = a_and_gradient(X, tf.constant(filter_index))
        X = X + step_size * normalize(g)
    visualized_feature.append(X.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i, X in enumerate(visualized_feature):
    panel = figure.add_subplot(8, 8, i + 1)
    panel.imshow(deprocess_image(X.copy())[0, :, :, 0], cmap="gray", vmin=0, vmax=255)
    panel.set_title(f"feature {i}", fontsize=8)
    panel.set_axis_off()

plt.show()
