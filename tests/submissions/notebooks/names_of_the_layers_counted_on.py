# Builds the network twice with the names that Keras chooses, so that there is no conv2d_3 in the second one,
# and the ascent finds no layer.
#
# /// label
# images = "fail"
# ascent = "fail"
# objective = "fail"
# updates = "fail"
# plot = "fail"
#
# [feedback_mentions]
# ascent = ["by name="]
# ///

# %% cnn
def build():
    return keras.Sequential(
        [layers.Input(shape=(28, 28, 1))]
        + [layers.Conv2D(16, 3, padding="same", activation="relu") for _ in range(4)]
        + [layers.MaxPooling2D(4), layers.Flatten(), layers.Dense(10, activation="softmax")]
    )


build().summary()
model = build()

# %% train
model.compile(keras.optimizers.Adam(2e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=5, verbose=2)
print("after", len(results.epoch), "epochs:", results.history["loss"][-1])

# %% ascent
visualized_feature = []
layer_name = "conv2d_3"
target = model.get_layer(name=layer_name)
number_of_filters = target.filters
pipeline = keras.Model(model.inputs, target.output)

for kernel in range(number_of_filters):
    X = tf.Variable(tf.random.uniform([1, 28, 28, 1]))
    for _ in range(gradient_updates):
        with tf.GradientTape() as tape:
            maps = tf.unstack(pipeline(X), axis=-1)
            mean = tf.reduce_mean(maps[kernel])
        X.assign_add(normalize(tape.gradient(mean, X)) * step_size)
    visualized_feature += [X.numpy()]

# %% plot
figure, axes = plt.subplots(2, 8, figsize=(12, 3.4), subplot_kw={"xticks": [], "yticks": []})
for kernel, (X, ax) in enumerate(zip(visualized_feature, axes.ravel())):
    ax.set_title(f"feature {kernel}")
    ax.imshow(deprocess_image(X.copy())[0, :, :, 0], cmap="gray")
plt.show()
