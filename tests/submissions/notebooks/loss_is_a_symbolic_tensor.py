# Computes the loss from the output of the layer and not from an image, so that the tape gets a symbolic
# tensor and the ascent stops at once.
#
# /// label
# images = "fail"
# ascent = "fail"
# objective = "fail"
# updates = "fail"
# plot = "fail"
#
# [feedback_mentions]
# ascent = ["symbolic"]
# ///

# %% cnn
from tensorflow.keras.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D

net_input = Input(shape=(28, 28, 1))
net = Conv2D(16, (3, 3), activation="relu", name="conv2d")(net_input)
net = MaxPooling2D(pool_size=(2, 2))(net)
net = Conv2D(32, (3, 3), activation="relu", name="conv2d_1")(net)
net = Conv2D(32, (3, 3), activation="relu", name="conv2d_2")(net)
net = Conv2D(64, (3, 3), activation="relu", name="conv2d_3")(net)
net = MaxPooling2D(pool_size=(2, 2))(net)
net = Flatten()(net)
net = Dense(10, activation="softmax")(net)
model = keras.Model(inputs=net_input, outputs=net)
model.summary()

# %% train
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=1)
print(results.history)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64  # as many as the layer has
visualized_feature = []

# the part of the network from the input to the feature maps of this layer
layer_dict = {layer.name: layer for layer in model.layers}
layer_output = layer_dict[layer_name].output

for filter_index in range(number_of_filters):
    # 1. the image, noise at first
    input_img = KTF.variable(np.random.random((1, 28, 28, 1)))

    for update in range(gradient_updates):
        # 2. the mean activation of the feature map, on tape
        with tf.GradientTape() as tape:
            tape.watch(input_img)
            loss = keras.ops.mean(layer_output[:, :, :, filter_index])

        # 3. its gradient with respect to the image, normalised
        grads = tape.gradient(loss, input_img)
        grads = normalize(grads)

        # 4. one step uphill
        input_img.assign_add(grads * step_size)

    # 5. keep the image
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))

for filter_index, img in enumerate(visualized_feature):
    ax = figure.add_subplot(8, 8, filter_index + 1)
    img = deprocess_image(img.copy())
    ax.imshow(img[0, :, :, 0], cmap="gray")
    ax.set_title("feature " + str(filter_index))
    ax.axis("off")

plt.show()
