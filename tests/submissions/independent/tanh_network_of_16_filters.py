# An old-fashioned network with tanh everywhere. The mean of a tanh map cannot rise above 1, and close to 1
# the gradient is so small that the last steps are short, although they are coded as asked. Everything
# right.
#
# /// label
# ///

# %% cnn
model = keras.Sequential(
    [
        layers.Input(shape=(28, 28, 1)),
        layers.Conv2D(8, 5, activation="tanh", name="conv2d"),
        layers.AveragePooling2D(2),
        layers.Conv2D(16, 3, activation="tanh", padding="same", name="conv2d_1"),
        layers.Conv2D(16, 3, activation="tanh", padding="same", name="conv2d_2"),
        layers.Conv2D(16, 3, activation="tanh", padding="same", name="conv2d_3"),
        layers.AveragePooling2D(2),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ],
    name="nineties",
)

# %% train
model.compile(optimizer=keras.optimizers.Adam(2e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=5, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 16
visualized_feature = []

maps_of = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(maps_of(input_img)[..., filter_index])
        input_img.assign_add(step_size * normalize(tape.gradient(loss, input_img)))
    visualized_feature.append(input_img.numpy())
    print(f"{filter_index:2d}: {loss:.3f}")

# %% plot
figure, axes = plt.subplots(4, 4, figsize=(8, 8.6))
for (i, x), ax in zip(enumerate(visualized_feature), axes.flat):
    ax.imshow(deprocess_image(x.copy())[0, :, :, 0], cmap="gray")
    ax.set(title=f"feature {i}", xticks=(), yticks=())
plt.show()
