# Steps along the sign of the gradient: every pixel moves by 1, which has the right size and roughly the
# right direction, but is not the normalised gradient; for the five points, a lenient teacher lets it pass.
# And of the 64 images only the first 16 are plotted.
#
# /// label
# updates = ["pass", "partial"]
# plot = "partial"
#
# [feedback_mentions]
# plot = ["16"]
# ///

# %% cnn
img_in = keras.Input(shape=(28, 28, 1))
z = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d")(img_in)
z = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu", name="conv2d_1")(z)
z = layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_2")(z)
z = layers.MaxPooling2D()(z)
z = layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3")(z)
z = layers.Flatten()(z)
z = layers.Dense(10, activation="softmax")(z)
model = keras.Model(img_in, z)

# %% train
model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

response_model = keras.Model(img_in, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    x = tf.random.uniform((1, 28, 28, 1))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_mean(response_model(x)[..., filter_index])
        # sign() also normalises: every component is +1 or -1
        x = x + step_size * tf.sign(tape.gradient(loss, x))
    visualized_feature.append(x.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(16):
    plt.subplot(4, 4, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, ..., 0], cmap="gray")
    plt.title(f"feature {i}")
    plt.axis("off")

plt.show()
