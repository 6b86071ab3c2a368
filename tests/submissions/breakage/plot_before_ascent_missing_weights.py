# Instead of training, reads the weights from a file that was not handed in: the network stays untrained. And
# the plot stands above the ascent, where the images do not exist yet. The ascent itself is right.
#
# /// label
# training = "fail"
# plot = "fail"
#
# [feedback_mentions]
# training = ["weights"]
# plot = ["visualized_feature"]
#
# [cells]
# move = {plot = "normalize"}
# ///

# %% cnn
def conv(n, i):
    return layers.Conv2D(n, 3, activation="relu", padding="same", name="conv2d" if i == 0 else f"conv2d_{i}")


image_in = layers.Input(shape=(28, 28, 1))
y = conv(8, 0)(image_in)
y = layers.AveragePooling2D(2)(y)
y = conv(16, 1)(y)
y = conv(32, 2)(y)
y = layers.AveragePooling2D(2)(y)
y = conv(64, 3)(y)
y = layers.Flatten()(y)
y = layers.Dense(10, activation="softmax")(y)
model = keras.Model(image_in, y)

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])

# trained yesterday for 10 epochs, only load
model.load_weights("weights.weights.h5")
print("accuracy:", model.evaluate(x_test, y_test, verbose=0)[1])

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

until_layer = keras.Model(image_in, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
    update = 0
    while update < gradient_updates:
        with tf.GradientTape() as tape:
            loss = tf.math.reduce_mean(until_layer(input_img)[0, :, :, filter_index])
        input_img.assign_add(step_size * normalize(tape.gradient(loss, input_img)))
        update += 1
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

i = 0
for im in visualized_feature:
    plt.subplot(8, 8, i + 1)
    plt.imshow(deprocess_image(im.copy()).squeeze(), cmap="gray")
    plt.title(f"feature {i}")
    plt.axis("off")
    i += 1

plt.show()
