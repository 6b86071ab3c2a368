# Unfinished: the steps 3 and 4 of the skeleton, gradient and update, are still missing. The activation is
# computed 50 times for the same noise, which is kept and plotted properly.
#
# /// label
# ascent = "fail"
# objective = "fail"
# updates = "fail"
#
# [feedback_mentions]
# ascent = ["noise"]
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(16, 5, activation="relu", name="conv2d"))
model.add(layers.MaxPooling2D())
model.add(layers.Conv2D(32, 3, activation="relu", name="conv2d_1"))
model.add(layers.Conv2D(32, 3, activation="relu", padding="same", name="conv2d_2"))
model.add(layers.Conv2D(64, 3, activation="relu", name="conv2d_3"))
model.add(layers.MaxPooling2D())
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64  # as many as the layer has
visualized_feature = []

# the part of the network from the input to the feature maps of this layer
activation_model = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    # 1. the image, noise at first
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))

    for update in range(gradient_updates):
        # 2. the mean activation of the feature map, on tape
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(activation_model(input_img)[:, :, :, filter_index])

        # 3. its gradient with respect to the image, normalised
        # I did not get to this before the deadline, sorry
        ...

        # 4. one step uphill
        ...

    # 5. keep the image
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(64):
    plt.subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    plt.title(f"feature {i}")
    plt.axis("off")

plt.tight_layout()
plt.show()
