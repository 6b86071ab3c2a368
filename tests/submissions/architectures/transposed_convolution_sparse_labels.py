# Four convolutions and, in between, a transposed one that makes the maps larger again. The labels are
# turned back into integers, with the sparse loss that goes with them. 32 filters with maps of 14 x 14, grid
# of 4 x 8. Correct.
#
# /// label
# ///

# %% cnn
# a little hourglass: 28 -> 14 -> 7 -> 14
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(12, 3, strides=2, padding="same", activation="relu", name="conv2d"),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.MaxPooling2D(),
    layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu", name="up"),
    layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_3"),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])
model.summary()

# %% train
# integers 0...9 instead of one-hot
digits_train = y_train.argmax(axis=1)
digits_test = y_test.argmax(axis=1)

model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, digits_train, epochs=4, batch_size=32,
                    validation_data=(x_test, digits_test), verbose=2)

guess = model.predict(x_test[:10], verbose=0).argmax(axis=1)
print("guessed", guess)
print("true   ", digits_test[:10])

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

m = keras.Model(model.inputs, [layer.output for layer in model.layers if layer.name == layer_name])


def activation(img, f):
    result = m(img)
    maps = result[0] if isinstance(result, (list, tuple)) else result
    return tf.reduce_mean(maps[..., f])


for f in range(number_of_filters):
    img = tf.Variable(np.random.uniform(low=0.0, high=1.0, size=[1, 28, 28, 1]).astype("float32"))
    for _ in range(gradient_updates):
        with tf.GradientTape() as tape:
            act = activation(img, f)
        img.assign_add(step_size * normalize(tape.gradient(act, img)))
    visualized_feature.append(img.numpy().reshape(28, 28))

# %% plot
figure = plt.figure(figsize=(12, 7))
for f, img in enumerate(visualized_feature):
    plt.subplot(4, 8, f + 1)
    plt.imshow(deprocess_image(img.copy()), cmap="gray", vmin=0, vmax=255)
    plt.title(f"feature {f}")
    plt.xticks([])
    plt.yticks([])
plt.show()
