# Shuffles the training images, but not their labels, so the network cannot learn anything and stays at
# chance level. The panels of the plot have no titles. The ascent in the useless network is right.
#
# /// label
# training = "fail"
# plot = "partial"
#
# [feedback_mentions]
# training = ["accuracy"]
# plot = ["title"]
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(8, 3, padding="same", activation="leaky_relu", name="conv2d"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding="same", activation="leaky_relu", name="conv2d_1"),
    layers.Conv2D(32, 3, padding="same", activation="leaky_relu", name="conv2d_2"),
    layers.MaxPooling2D(),
    layers.Conv2D(64, 3, padding="same", activation="leaky_relu", name="conv2d_3"),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])

# %% train
# mix the data so that the batches are random
np.random.shuffle(x_train)

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=64, epochs=3, verbose=2)

plt.plot(results.history["loss"])
plt.title("loss is going down")
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

submodel = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.rand(1, 28, 28, 1))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = KTF.mean(submodel(input_img)[:, :, :, filter_index])
        grads = tape.gradient(loss, input_img)
        input_img.assign_add(step_size * normalize(grads))
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(64):
    plt.subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    plt.axis("off")

plt.show()
