# The cell with the ascent became a text cell when it was pasted; as code it is right, and nbgrader makes
# code of it again.
#
# /// label
# [cells]
# as_text = ["ascent"]
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    # first half
    layers.Conv2D(filters=8, kernel_size=(5, 5), padding="same", activation="relu", name="conv2d"),
    layers.AveragePooling2D(pool_size=(2, 2)),
    # second half
    layers.Conv2D(filters=16, kernel_size=(3, 3), padding="same", activation="relu", name="conv2d_1"),
    layers.Conv2D(filters=32, kernel_size=(3, 3), padding="same", activation="relu", name="conv2d_2"),
    layers.AveragePooling2D(pool_size=(2, 2)),
    layers.Conv2D(filters=64, kernel_size=(3, 3), padding="same", activation="relu", name="conv2d_3"),
    # decision
    layers.Flatten(),
    layers.Dense(units=64, activation="relu"),
    layers.Dense(units=10, activation="softmax"),
])

# %% train
optimizer = keras.optimizers.RMSprop(learning_rate=1e-3)
model.compile(optimizer=optimizer, loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)
plt.bar(np.arange(len(results.history["loss"])) + 1, results.history["loss"])
plt.title("loss after each epoch")
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

feature_maps = keras.Model(model.inputs, model.get_layer(layer_name).output)


@tf.function
def step(image, which):
    with tf.GradientTape() as tape:
        tape.watch(image)
        value = tf.reduce_mean(tf.gather(feature_maps(image), which, axis=-1))
    return image + step_size * normalize(tape.gradient(value, image))


for which in tf.range(number_of_filters):
    image = tf.random.uniform((1, 28, 28, 1))
    for update in range(gradient_updates):
        image = step(image, which)
    visualized_feature.append(image.numpy())

# %% plot
figure, axes = plt.subplots(8, 8, figsize=(12, 13))
for column in range(8):
    for row in range(8):
        i = row * 8 + column
        axes[row][column].imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
        axes[row][column].set_title(f"feature {i}")
        axes[row][column].axis("off")
plt.show()
