# Before the training the images are shuffled, but not the labels with them: each digit has the label of
# another one, and there is nothing to learn. The accuracy stays at that of guessing.
#
# /// label
# training = "fail"
#
# [feedback_mentions]
# training = ["label"]
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(8, kernel_size=5, padding="same", activation="relu", name="conv2d"),
    layers.AveragePooling2D(2),
    layers.Conv2D(16, kernel_size=3, padding="same", activation="relu", name="conv2d_1"),
    layers.Conv2D(24, kernel_size=3, padding="same", activation="relu", name="conv2d_2"),
    layers.Conv2D(32, kernel_size=3, padding="same", activation="relu", name="conv2d_3"),
    layers.AveragePooling2D(2),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])

# %% train
# shuffle, so that the digits come in a random order
np.random.shuffle(x_train)

model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.001),
    loss=keras.losses.CategoricalCrossentropy(),
    metrics=["accuracy"],
)
results = model.fit(x_train, y_train, batch_size=50, epochs=3, verbose=2)

# the loss does not want to go below 2.3 ???
plt.plot(results.history["loss"])
plt.ylabel("loss")
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

upto = keras.Model(model.inputs, [model.get_layer(layer_name).output])


def mean_activation(img, i):
    maps = upto(img)
    if isinstance(maps, (list, tuple)):
        maps = maps[0]
    return tf.reduce_mean(maps[..., i])


for filter_index in range(number_of_filters):
    input_img = tf.Variable(np.random.uniform(0, 1, (1, 28, 28, 1)), dtype=tf.float32)
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = mean_activation(input_img, filter_index)
        grads = tape.gradient(loss, input_img)
        input_img.assign_add(step_size * normalize(grads))
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 6.5))

for i in range(number_of_filters):
    ax = figure.add_subplot(4, 8, i + 1)
    ax.set_title("feature " + str(i), size=8)
    ax.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    ax.set_xticks([])
    ax.set_yticks([])

plt.show()
