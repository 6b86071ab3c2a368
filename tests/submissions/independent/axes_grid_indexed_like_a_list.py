# Indexes the 8 x 8 array of axes like a list: the first panel already stops with an AttributeError, and the
# figure has 64 empty frames. And the training is a single epoch of SGD with a tiny learning rate, so the
# network has not learned to read. Network, images and ascent are right.
#
# /// label
# training = "fail"
# plot = "fail"
#
# [feedback_mentions]
# training = ["accuracy"]
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3"),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile(
    optimizer=keras.optimizers.SGD(learning_rate=1e-4),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
results = model.fit(x_train, y_train, batch_size=128, epochs=1, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

conv_model = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(conv_model(input_img)[0, :, :, filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
    visualized_feature.append(input_img.numpy())

# %% plot
figure, axes = plt.subplots(8, 8, figsize=(12, 12))

for i in range(64):
    axes[i].imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    axes[i].set_title(f"feature {i}")
    axes[i].axis("off")

plt.show()
