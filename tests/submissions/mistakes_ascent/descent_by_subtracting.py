# Subtracts the gradient, as one does in training, so every filter is driven down instead of up. All else
# is right: 32 images from noise, fifty normalised steps, each for its own filter.
#
# /// label
# ascent = "fail"
# objective = "fail"
#
# [feedback_mentions]
# ascent = ["sign"]
#
# [causes]
# ascent = "gradient_descent"
# objective = "gradient_descent"
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(12, 3, padding="same", activation="relu", name="conv2d"))
model.add(layers.MaxPooling2D(2))
model.add(layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"))
model.add(layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2"))
model.add(layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_3"))
model.add(layers.MaxPooling2D(2))
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))
print(model.summary())

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)
print("losses:", results.history["loss"])

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

# model that stops at the layer
layer_model = keras.Model(inputs=model.inputs, outputs=model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    # start with noise
    input_img = tf.Variable(np.random.uniform(0, 1, (1, 28, 28, 1)).astype("float32"))

    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            activation = layer_model(input_img)
            loss = KTF.mean(activation[:, :, :, filter_index])

        grads = tape.gradient(loss, input_img)
        grads = normalize(grads)

        # gradient step
        input_img.assign(input_img - step_size * grads)

    visualized_feature.append(input_img.numpy())
    print("filter", filter_index, "done")

# %% plot
figure = plt.figure(figsize=(12, 7))

for i in range(number_of_filters):
    plt.subplot(4, 8, i + 1)
    img = deprocess_image(visualized_feature[i].copy())
    plt.imshow(img[0, :, :, 0], cmap="gray")
    plt.title("feature " + str(i))
    plt.axis("off")

plt.show()
