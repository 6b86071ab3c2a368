# Climbs correctly, but keeps the bare gradient of the last step instead of the image. Its grey values are
# so small that no filter responds to it more than to noise.
#
# /// label
# ascent = "fail"
# images = ["pass", "partial", "fail"]
# objective = ["fail", "partial", "pass"]
# updates = ["fail", "pass", "review"]
#
# [causes]
# ascent = "gradient_kept"
# objective = "gradient_kept"
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d"))
model.add(layers.MaxPooling2D())
model.add(layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"))
model.add(layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2"))
model.add(layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_3"))
model.add(layers.MaxPooling2D())
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)
plt.plot(results.history["loss"], label="loss")
plt.legend()
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 24
visualized_feature = []

short_model = keras.Model(model.inputs, [model.get_layer(layer_name).output])


def loss_and_gradient(image, filter_index):
    with tf.GradientTape() as tape:
        activation = short_model(image)
        if isinstance(activation, (list, tuple)):
            activation = activation[0]
        loss = KTF.mean(activation[..., filter_index])
    return loss, tape.gradient(loss, image)


for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.random((1, 28, 28, 1)))
    for update in range(gradient_updates):
        loss, result = loss_and_gradient(input_img, filter_index)
        input_img.assign_add(step_size * normalize(result))
    visualized_feature.append(result.numpy())

# %% plot
figure = plt.figure(figsize=(12, 9))

for i in range(number_of_filters):
    plt.subplot(4, 6, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    plt.title(f"feature {i}")
    plt.axis("off")

plt.show()
