# The loss for integer labels is used with one-hot labels: fit stops with an error, and the network remains
# untrained. In the plot the index is filter_index, left over from the ascent, instead of i, so that all
# panels show the last image. The images themselves are right.
#
# /// label
# training = "fail"
# plot = ["partial", "fail"]
#
# [feedback_mentions]
# training = ["error"]
# plot = ["same"]
#
# [causes]
# plot = "same_panels"
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(16, (3, 3), activation="relu", name="conv2d"))
model.add(layers.Conv2D(16, (3, 3), activation="relu", name="conv2d_1"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(32, (3, 3), activation="relu", name="conv2d_2"))
model.add(layers.Conv2D(64, (3, 3), activation="relu", name="conv2d_3"))
model.add(layers.Flatten())
model.add(layers.Dense(64, activation="relu"))
model.add(layers.Dense(10, activation="softmax"))
model.summary()

# %% train
model.compile(
    optimizer="adam",
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
results = model.fit(x_train, y_train, epochs=5, batch_size=64)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

intermediate_layer_model = keras.Model(inputs=model.inputs, outputs=model.get_layer(layer_name).output)


@tf.function
def compute(x, n):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = intermediate_layer_model(x)
        m = tf.reduce_mean(y[:, :, :, n])
    return m, normalize(tape.gradient(m, x))


for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform(shape=(1, 28, 28, 1)))
    for update in range(gradient_updates):
        loss, grads = compute(input_img.read_value(), tf.constant(filter_index))
        input_img.assign_add(step_size * grads)
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(64):
    plt.subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(visualized_feature[filter_index].copy())[0, :, :, 0], cmap="gray")
    plt.title(f"feature {i}")
    plt.axis("off")

plt.show()
