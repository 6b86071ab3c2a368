# Follows the skeleton to the letter: its comments are still there, and below each of them stands what was
# missing. Nothing special otherwise: sequential network, one filter after the other, uniform noise, 64
# panels.
#
# /// label
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(8, (5, 5), padding="same", activation="relu", name="conv2d"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(16, (3, 3), padding="same", activation="relu", name="conv2d_1"))
model.add(layers.Conv2D(24, (3, 3), padding="same", activation="relu", name="conv2d_2"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(64, (3, 3), padding="same", activation="relu", name="conv2d_3"))
model.add(layers.Flatten())
model.add(layers.Dropout(0.3))
model.add(layers.Dense(10, activation="softmax"))
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=2)
print(results.history["loss"])

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64  # as many as the layer has
visualized_feature = []

# the part of the network from the input to the feature maps of this layer
feature_model = keras.Model(inputs=model.inputs, outputs=model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    # 1. the image, noise at first
    input_img = KTF.variable(np.random.uniform(0, 1, size=(1, 28, 28, 1)))

    for update in range(gradient_updates):
        # 2. the mean activation of the feature map, on tape
        with tf.GradientTape() as tape:
            output = feature_model(input_img)
            loss = tf.reduce_mean(output[0, :, :, filter_index])

        # 3. its gradient with respect to the image, normalised
        grads = tape.gradient(loss, input_img)
        grads = normalize(grads)

        # 4. one step uphill
        input_img.assign_add(step_size * grads)

    # 5. keep the image
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(number_of_filters):
    picture = deprocess_image(visualized_feature[i].copy())
    plt.subplot(8, 8, i + 1)
    plt.imshow(picture[0, :, :, 0], cmap="gray")
    plt.title("feature " + str(i))
    plt.axis("off")

plt.show()
