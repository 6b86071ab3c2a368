# Takes the gradient with respect to the weights of the first layer, as in training, and adds it to the
# image: the shapes do not fit, the cell stops with an error in the first update, and there are no images.
#
# /// label
# images = "fail"
# ascent = "fail"
# objective = "fail"
# updates = "fail"
# plot = "fail"
#
# [feedback_mentions]
# images = ["error"]
# ///

# %% cnn
model = keras.models.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(8, (3, 3), activation="relu", padding="same", name="conv2d"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(16, (3, 3), activation="relu", padding="same", name="conv2d_1"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(32, (3, 3), activation="relu", padding="same", name="conv2d_2"))
model.add(layers.Conv2D(64, (3, 3), activation="relu", padding="same", name="conv2d_3"))
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)
print(results.history["accuracy"])

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

feature_model = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.uniform(size=(1, 28, 28, 1)))

    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            prediction = feature_model(input_img)
            loss = KTF.mean(prediction[:, :, :, filter_index])

        grads = tape.gradient(loss, feature_model.trainable_weights)
        grads = normalize(grads[0])
        input_img.assign_add(step_size * grads)

    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i, image in enumerate(visualized_feature):
    plt.subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(image.copy()).squeeze(), cmap="gray")
    plt.title(f"feature {i}")
    plt.axis("off")

plt.show()
