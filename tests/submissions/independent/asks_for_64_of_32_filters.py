# The layer has 32 filters, but number_of_filters is still 64: the ascent stops with an error at filter 32,
# and so does the plot. By then every filter of the layer has got its image and its panel, so nothing is
# missing, except that half of the 8 x 8 grid is empty.
#
# /// label
# plot = ["pass", "partial"]
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(16, kernel_size=3, activation="relu", padding="same", name="conv2d"))
model.add(layers.MaxPooling2D(pool_size=2))
model.add(layers.Conv2D(16, kernel_size=3, activation="relu", padding="same", name="conv2d_1"))
model.add(layers.Conv2D(32, kernel_size=3, activation="relu", padding="same", name="conv2d_2"))
model.add(layers.MaxPooling2D(pool_size=2))
model.add(layers.Conv2D(32, kernel_size=3, activation="relu", padding="same", name="conv2d_3"))
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64  # as many as the layer has
visualized_feature = []

features = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1), 0, 1))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(features(input_img)[:, :, :, filter_index])
        grads = tape.gradient(loss, input_img)
        grads = normalize(grads)
        input_img.assign_add(step_size * grads)
    visualized_feature.append(input_img.numpy())
    print("done", filter_index)

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(64):
    bild = deprocess_image(visualized_feature[i].copy())
    plt.subplot(8, 8, i + 1)
    plt.imshow(bild[0, :, :, 0], cmap="gray")
    plt.title(f"feature {i}")
    plt.axis("off")

plt.show()
