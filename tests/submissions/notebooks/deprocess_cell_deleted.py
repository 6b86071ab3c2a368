# The given cell with deprocess_image was deleted together with its example, and the plot needs it. All else
# is right.
#
# /// label
# [cells]
# delete = ["deprocess", "look_at_deprocess"]
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(10, 3, padding="same", activation="relu", name="conv2d"),
    layers.Conv2D(10, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.MaxPooling2D(),
    layers.Conv2D(20, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_3"),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile(optimizer=keras.optimizers.Adam(2e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=5, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 24
visualized_feature = []

extractor = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(extractor(input_img)[:, :, :, filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(10, 6))
for i, image in enumerate(visualized_feature):
    plt.subplot(4, 6, i + 1)
    plt.imshow(deprocess_image(image.copy())[0, :, :, 0], cmap="gray")
    plt.title("feature " + str(i), fontsize=7)
    plt.axis("off")
plt.show()
