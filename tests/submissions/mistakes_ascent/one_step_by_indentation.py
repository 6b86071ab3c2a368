# The line with the update is indented too little: it comes after the inner loop, so each image makes a
# single step (the gradient is computed fifty times at the same place).
#
# /// label
# updates = "fail"
# ascent = ["pass", "partial", "fail"]
# objective = ["pass", "partial"]
#
# [feedback_mentions]
# updates = ["50"]
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(10, 3, padding="same", activation="relu", name="conv2d"),
    layers.MaxPooling2D(),
    layers.Conv2D(20, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.Conv2D(20, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.Conv2D(30, 3, padding="same", activation="relu", name="conv2d_3"),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)
plt.plot(results.history["accuracy"])
plt.title("accuracy")
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 30  # as many as the layer has
visualized_feature = []

# the part of the network from the input to the feature maps of this layer
cut_model = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    # 1. the image, noise at first
    input_img = KTF.variable(np.random.rand(1, 28, 28, 1))

    for update in range(gradient_updates):
        # 2. the mean activation of the feature map, on tape
        with tf.GradientTape() as tape:
            loss = KTF.mean(cut_model(input_img)[:, :, :, filter_index])

        # 3. its gradient with respect to the image, normalised
        grads = normalize(tape.gradient(loss, input_img))

    # 4. one step uphill
    input_img.assign_add(step_size * grads)

    # 5. keep the image
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(number_of_filters):
    plt.subplot(5, 6, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    plt.title("feature " + str(i))
    plt.axis("off")

plt.show()
