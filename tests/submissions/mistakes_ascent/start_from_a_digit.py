# Starts each climb from a digit of the training set, not from noise. The rest is right; after fifty steps
# little of the digit is left. On the black background of a digit a few more filters may stay silent.
#
# /// label
# images = ["pass", "partial"]
# ascent = ["pass", "partial"]
# objective = ["pass", "partial"]
# ///

# %% cnn
inputs = layers.Input(shape=(28, 28, 1))
x = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d")(inputs)
x = layers.MaxPooling2D()(x)
x = layers.BatchNormalization()(x)
x = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1")(x)
x = layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_2")(x)
x = layers.Conv2D(32, 3, padding="same", activation="elu", name="conv2d_3")(x)
x = layers.MaxPooling2D()(x)
x = layers.Flatten()(x)
outputs = layers.Dense(10, activation="softmax")(x)
model = keras.Model(inputs, outputs)
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

extractor = keras.Model(inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    # a different digit for every filter
    input_img = KTF.variable(x_train[filter_index : filter_index + 1])

    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            maps = extractor(input_img, training=False)
            loss = KTF.mean(maps[:, :, :, filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)

    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(number_of_filters):
    plt.subplot(6, 6, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy()).squeeze(), cmap="gray")
    plt.title(f"feature {i}")
    plt.axis("off")

plt.show()
