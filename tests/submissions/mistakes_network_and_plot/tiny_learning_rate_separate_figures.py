# Adam with a learning rate of 1e-7: the weights hardly move, and after three epochs the network still
# guesses. The plot makes a figure of its own for each of the features, with a title, instead of one figure
# with 64 panels.
#
# /// label
# training = "fail"
# plot = ["partial", "fail"]
#
# [feedback_mentions]
# training = ["learning"]
# plot = ["panel"]
#
# [causes]
# plot = "many_figures"
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(8, 3, activation="leaky_relu", padding="same", name="conv2d"),
    layers.MaxPooling2D(2),
    layers.Conv2D(16, 3, activation="leaky_relu", padding="same", name="conv2d_1"),
    layers.Conv2D(16, 3, activation="leaky_relu", padding="same", name="conv2d_2"),
    layers.Conv2D(64, 3, activation="leaky_relu", padding="same", name="conv2d_3"),
    layers.MaxPooling2D(2),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])

# %% train
# a small learning rate is more precise
opt = keras.optimizers.Adam(learning_rate=1e-7)
model.compile(optimizer=opt, loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)
for epoch, value in enumerate(results.history["loss"]):
    print("epoch", epoch + 1, "loss", value)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

layer_model = keras.Model(model.inputs, model.get_layer(layer_name).output)


@tf.function
def gradient(image, channel):
    with tf.GradientTape() as tape:
        tape.watch(image)
        maps = layer_model(image)
        loss = tf.reduce_mean(tf.gather(maps, channel, axis=3))
    return tape.gradient(loss, image)


for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.uniform(0, 1, size=(1, 28, 28, 1)))
    channel = tf.constant(filter_index)
    for update in range(gradient_updates):
        grads = normalize(gradient(tf.identity(input_img), channel))
        input_img.assign_add(step_size * grads)
    visualized_feature.append(input_img.numpy())

# %% plot
for i in range(len(visualized_feature)):
    figure = plt.figure(figsize=(2, 2))
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    plt.title("feature " + str(i))
    plt.axis("off")
    plt.show()
