# Thinks that the channels are counted from 1 and so takes feature map filter_index - 1: image i shows
# filter i - 1, and image 0 the last filter. The ascent itself is right.
#
# /// label
# objective = "fail"
# ascent = ["pass", "partial"]
#
# [feedback_mentions]
# objective = ["index"]
#
# [causes]
# objective = "shifted_filters"
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(12, (3, 3), activation="relu", padding="same", name="conv2d"))
model.add(layers.Conv2D(12, (3, 3), activation="relu", padding="same", name="conv2d_1"))
model.add(layers.MaxPooling2D())
model.add(layers.Conv2D(24, (3, 3), activation="relu", padding="same", name="conv2d_2"))
model.add(layers.Conv2D(32, (3, 3), activation="relu", padding="same", name="conv2d_3"))
model.add(layers.MaxPooling2D())
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.002),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
results = model.fit(x_train, y_train, epochs=4, batch_size=64, verbose=2)
plt.plot(results.epoch, results.history["loss"], "k.-")
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

layer = model.get_layer(layer_name)
up_to = keras.Model(model.inputs, layer.output)

for filter_index in range(number_of_filters):
    channel = filter_index - 1  # python counts from 0, filters from 1
    input_img = tf.Variable(np.random.uniform(size=(1, 28, 28, 1)), dtype=tf.float32)

    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(up_to(input_img)[:, :, :, channel])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)

    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(len(visualized_feature)):
    ax = figure.add_subplot(6, 6, i + 1)
    ax.set_title(f"feature {i}")
    ax.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    ax.axis("off")

plt.show()
