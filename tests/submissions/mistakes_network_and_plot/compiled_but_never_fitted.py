# The network is compiled and then evaluated on the training data, which is taken for the training: fit is
# never called, and the accuracy is that of guessing. The images of this random network are made correctly.
#
# /// label
# training = "fail"
#
# [feedback_mentions]
# training = ["fit"]
#
# [causes]
# training = "not_trained"
# ///

# %% cnn
def conv(filters, name):
    return layers.Conv2D(filters, 3, padding="same", activation="elu", name=name)


model = keras.Sequential(
    [
        layers.Input(shape=(28, 28, 1)),
        conv(8, "conv2d"),
        conv(8, "conv2d_1"),
        layers.MaxPooling2D(),
        conv(16, "conv2d_2"),
        conv(32, "conv2d_3"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]
)

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])

# train on the training data
results = model.evaluate(x_train, y_train, batch_size=128)
# and test
test_results = model.evaluate(x_test, y_test, batch_size=128)
print("loss, accuracy (train):", results)
print("loss, accuracy (test): ", test_results)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32  # conv2d_3 has 32 in my network
visualized_feature = []

# model up to conv2d_3
model_to_layer = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    # 1. noise
    input_img = KTF.variable(np.random.rand(1, 28, 28, 1))

    for update in range(gradient_updates):
        # 2. loss
        with tf.GradientTape() as tape:
            layer_output = model_to_layer(input_img)
            loss = KTF.mean(layer_output[:, :, :, filter_index])

        # 3. gradient
        grads = tape.gradient(loss, input_img)
        grads = normalize(grads)

        # 4. step
        input_img.assign_add(step_size * grads)

    # 5. save
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 6.5))

for i in range(number_of_filters):
    plt.subplot(4, 8, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    plt.title(f"feature {i}")
    plt.axis("off")

plt.tight_layout()
plt.show()
