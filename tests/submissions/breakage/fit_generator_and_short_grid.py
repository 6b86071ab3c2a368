# Two errors in two places. Training uses fit_generator, which Keras no longer has: the network stays
# untrained. And the grid of the plot has 8 rows of 5 instead of 8 places, so panel 41 raises an error:
# Jupyter shows the figure with the 40 panels drawn so far. The ascent between the two is right.
#
# /// label
# training = "fail"
# plot = ["partial", "fail"]
#
# [feedback_mentions]
# training = ["fit_generator"]
# plot = ["40"]
# ///

# %% cnn
a = layers.Input(shape=(28, 28, 1))
b = layers.Conv2D(8, (3, 3), activation="relu", padding="same", name="conv2d")(a)
b = layers.MaxPooling2D()(b)
b = layers.Conv2D(16, (3, 3), activation="relu", padding="same", name="conv2d_1")(b)
b = layers.Conv2D(32, (3, 3), activation="relu", padding="same", name="conv2d_2")(b)
b = layers.Conv2D(64, (3, 3), activation="relu", padding="same", name="conv2d_3")(b)
b = layers.MaxPooling2D()(b)
b = layers.Flatten()(b)
b = layers.Dense(10, activation="softmax")(b)
model = keras.Model(inputs=a, outputs=b)

# %% train
def batches(x, y, size):
    # endless stream of shuffled batches
    while True:
        order = np.random.permutation(len(x))
        for start in range(0, len(x) - size, size):
            chosen = order[start:start + size]
            yield x[chosen], y[chosen]


model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit_generator(batches(x_train, y_train, 32), steps_per_epoch=len(x_train) // 32, epochs=3)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

watch_layer = keras.Model(a, model.get_layer(layer_name).output)


# one compiled step for all filters, the index comes in as a tensor
@tf.function
def uphill(x, k):
    with tf.GradientTape() as tape:
        tape.watch(x)
        signal = tf.reduce_mean(tf.gather(watch_layer(x), k, axis=-1))
    return x + step_size * normalize(tape.gradient(signal, x))


for filter_index in range(number_of_filters):
    input_img = tf.random.uniform((1, 28, 28, 1))
    for update in range(gradient_updates):
        input_img = uphill(input_img, tf.constant(filter_index))
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for i in range(number_of_filters):
    plt.subplot(8, 5, i + 1)
    plt.title(f"feature {i}")
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, ..., 0], cmap="gray")
    plt.axis("off")

plt.show()
