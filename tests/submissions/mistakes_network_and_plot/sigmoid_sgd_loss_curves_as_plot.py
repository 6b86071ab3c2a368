# Sigmoids in all layers and plain SGD with a small learning rate: the gradients vanish and the network does
# not learn in its three epochs. In the place of the features, the plot shows the curves of loss and
# accuracy.
#
# /// label
# training = "fail"
# plot = "fail"
# ///

# %% cnn
# the sigmoid is the activation that we had in the lecture
model = keras.models.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(8, (5, 5), activation="sigmoid", padding="same", name="conv2d"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(16, (3, 3), activation="sigmoid", padding="same", name="conv2d_1"))
model.add(layers.Conv2D(16, (3, 3), activation="sigmoid", padding="same", name="conv2d_2"))
model.add(layers.Conv2D(32, (3, 3), activation="sigmoid", padding="same", name="conv2d_3"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Flatten())
model.add(layers.Dense(32, activation="sigmoid"))
model.add(layers.Dense(10, activation="softmax"))
model.summary()

# %% train
model.compile(
    optimizer=keras.optimizers.SGD(learning_rate=0.01),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

# the network up to the layer
network_part = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.uniform(0, 1, size=(1, 28, 28, 1)))

    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = KTF.mean(network_part(input_img)[:, :, :, filter_index])

        grads = normalize(tape.gradient(loss, input_img))

        input_img.assign_add(step_size * grads)

    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

plt.subplot(2, 1, 1)
plt.plot(results.history["loss"], "o-")
plt.title("loss")
plt.xlabel("epoch")

plt.subplot(2, 1, 2)
plt.plot(results.history["accuracy"], "o-")
plt.title("accuracy")
plt.xlabel("epoch")

plt.show()
