# number_of_filters was set to 8 to try it out and was not set back: 8 images instead of 64. These are
# right, and the figure shows all that there are.
#
# /// label
# images = ["partial", "fail"]
#
# [feedback_mentions]
# images = ["8", "64"]
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(16, 3, activation="relu", padding="same", name="conv2d"),
    layers.MaxPooling2D(),
    layers.Conv2D(32, 3, activation="relu", padding="same", name="conv2d_1"),
    layers.Conv2D(32, 3, activation="relu", padding="same", name="conv2d_2"),
    layers.Conv2D(64, 3, activation="relu", padding="same", name="conv2d_3"),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, validation_split=0.05, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 8  # TODO 64
visualized_feature = []

layer = model.get_layer(layer_name)
until_layer = keras.Model(inputs=model.inputs, outputs=layer.output)

for filter_index in range(number_of_filters):
    print("filter", filter_index)
    # 1. the image, noise at first
    input_img = KTF.variable(np.random.uniform(0, 1, (1, 28, 28, 1)))

    for update in range(gradient_updates):
        # 2. the mean activation of the feature map, on tape
        with tf.GradientTape() as tape:
            output = until_layer(input_img)
            loss = KTF.mean(output[:, :, :, filter_index])

        # 3. its gradient with respect to the image, normalised
        grads = tape.gradient(loss, input_img)
        grads = normalize(grads)

        # 4. one step uphill
        input_img.assign_add(step_size * grads)
        if update % 10 == 0:
            print("   ", update, loss.numpy())

    # 5. keep the image
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 6))

for i in range(number_of_filters):
    plt.subplot(2, 4, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    plt.title(f"feature {i}")
    plt.axis("off")

plt.show()
